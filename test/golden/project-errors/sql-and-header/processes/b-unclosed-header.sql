/*---
process_name: x
*/
select 1
