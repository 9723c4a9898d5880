/*---
process_name: signup_fact_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.signup_fact
audits:
  - sql: audits/known_country.sql
---*/
-- $not_one here, nor '$this' or "$that"
select *, $psyberg_sesion_id as session_id, '$first' as text, $$ $second $$ as quoted
from raw_signups /* $third /* $fourth */ */
where signup_ts >= $first_hour and signup_ts < $now
  and id = ? and region = $1;
