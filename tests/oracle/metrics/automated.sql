-- automated: share of messaged with auto == true
-- measure: share
-- by: channel, owner
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, coalesce(auto, false) AS outcome, true AS ripe FROM happened(['messaged']);
