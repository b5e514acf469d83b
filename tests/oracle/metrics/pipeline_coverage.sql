-- pipeline_coverage: pipeline / quota
-- measure: formula
-- needs: quota
SELECT begin, NULL, NULL, 0, 0, value / nullif(getvariable('quota'), 0) FROM results WHERE metric = 'pipeline';
