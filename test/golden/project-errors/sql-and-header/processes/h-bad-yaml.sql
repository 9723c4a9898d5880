/*---
process_name: h
	pattern: stateless
sources: [a
---*/
select * from raw_signups
