-- template_share: count messaged
-- measure: count_of_rows
-- by: template
CREATE OR REPLACE TEMP TABLE metric AS
SELECT * FROM happened(['messaged']);
