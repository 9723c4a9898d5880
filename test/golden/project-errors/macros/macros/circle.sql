-- Each of these uses the next one.
create macro first_of(x) as second_of(x) + 1;
create macro second_of(x) as (select third_of(x));
create or replace temp macro third_of(x) as "first_of" (x);
create function alone(x) as 'alone(x)' || alone(x);
