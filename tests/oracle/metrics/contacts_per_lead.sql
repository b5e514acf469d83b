-- contacts_per_lead: contacts / leads_contacted
-- measure: formula
SELECT begin, NULL, NULL, 0, 0, c.value / nullif(l.value, 0)
FROM results c JOIN results l USING (begin) WHERE c.metric = 'contacts' AND l.metric = 'leads_contacted';
