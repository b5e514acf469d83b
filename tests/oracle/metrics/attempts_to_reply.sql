-- attempts_to_reply: median attempts of replied
-- measure: middle
-- by: source, owner, channel
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, attempts AS value_of FROM happened(['replied']);
