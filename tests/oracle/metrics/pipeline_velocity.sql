-- pipeline_velocity: open_deals * win_rate * deal_size / sales_cycle
-- money a day: `sales_cycle` is in days
-- measure: formula
SELECT begin, NULL, NULL, 0, 0, o.value * w.value * d.value / nullif(s.value, 0)
FROM results o JOIN results w USING (begin) JOIN results d USING (begin) JOIN results s USING (begin)
WHERE o.metric = 'open_deals' AND w.metric = 'win_rate' AND d.metric = 'deal_size' AND s.metric = 'sales_cycle';
