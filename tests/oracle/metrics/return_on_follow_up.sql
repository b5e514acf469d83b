-- return_on_follow_up: (revenue - cost) / cost
-- measure: formula
-- needs: cost
SELECT begin, NULL, NULL, 0, 0, (value - getvariable('cost')) / nullif(getvariable('cost'), 0)
FROM results WHERE metric = 'revenue';
