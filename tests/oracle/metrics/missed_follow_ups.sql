-- missed_follow_ups: share of planned(status in ["sent", "expired", "failed"]) with status != "sent"
-- measure: share
-- by: owner, channel
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, coalesce(status <> 'sent', false) AS outcome, true AS ripe
FROM happened(['planned']) WHERE status IN ('sent', 'expired', 'failed');
