-- unanswered_replies: share of replied with no picked_up within 1bd
-- measure: share
-- by: owner
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, open_days_later(occurred_at, lead_zone, 1) AS ends FROM happened(['replied']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['picked_up']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM unanswered();
