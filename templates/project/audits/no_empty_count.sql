-- An audit selects the bad rows; none means passed. It sees the sources' aliases, staged and target.
select *
from staged
where events < 1
