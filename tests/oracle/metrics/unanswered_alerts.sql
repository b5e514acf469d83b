-- unanswered_alerts: share of alerted(to == "owner") with no picked_up within 1bh
-- measure: share
-- by: owner, rule
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, open_hours_later(occurred_at, lead_zone, 1) AS ends FROM happened(['alerted']) WHERE to_value = 'owner';
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['picked_up']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM unanswered();
