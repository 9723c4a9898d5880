select *
from staged
where hour > $lst_hour
