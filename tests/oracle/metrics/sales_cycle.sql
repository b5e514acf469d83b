-- sales_cycle: median days_since(created) of won
-- measure: middle
-- by: tier, size
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, floor(epoch(occurred_at - created_at) / 86400) AS value_of FROM happened(['won']);
