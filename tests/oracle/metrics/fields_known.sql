-- fields_known: share of leads while hot or warm or cold with
--   has name, has email, has company, has source, has owner, has timezone
-- measure: snapshot_share
-- by: tier
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *,
  facts['name'] IS NOT NULL
  AND facts['email'] IS NOT NULL
  AND facts['company'] IS NOT NULL
  AND facts['source'] IS NOT NULL
  AND facts['owner'] IS NOT NULL
  AND facts['timezone'] IS NOT NULL AS outcome
FROM standing WHERE tier IN ('hot', 'warm', 'cold');
