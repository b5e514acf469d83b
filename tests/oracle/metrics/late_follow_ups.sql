-- late_follow_ups: share of planned(manual == true, status == "sent") with no worked within 1bd
-- measure: share
-- by: owner
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, open_days_later(occurred_at, lead_zone, 1) AS ends
FROM happened(['planned']) WHERE manual AND status = 'sent';
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['worked']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM unanswered();
