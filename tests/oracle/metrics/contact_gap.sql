-- contact_gap: median time from contacted to contacted within 30d
-- measure: times
-- by: attempts
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 30 DAY AS ends FROM happened(['contacted']);
-- What we did ourselves came by no channel of an answer.
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
SELECT * REPLACE (NULL AS kind) FROM happened(['contacted']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM timed();
