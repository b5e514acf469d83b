-- gone_cold: share of leads while hot or warm with days_since(contacted) > 7
-- measure: snapshot_share
-- by: tier
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, days_since_contacted > 7 AS outcome
FROM standing WHERE tier IN ('hot', 'warm');
