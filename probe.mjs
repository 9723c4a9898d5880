import { DuckDBInstance } from '@duckdb/node-api';
let t0=performance.now();
const inst = await DuckDBInstance.create(':memory:', {threads:'1', autoload_known_extensions:'false', autoinstall_known_extensions:'false'});
const c = await inst.connect();
await c.run("set errors_as_json=true; set TimeZone='UTC'; attach ':memory:' as lake; set enable_external_access=false; use lake;");
console.log('open', performance.now()-t0);
const rows = async q => (await c.runAndReadAll(q)).getRows();
console.log(JSON.stringify((await rows("select stability, list(distinct function_name order by function_name)::varchar from duckdb_functions() where stability <> 'CONSISTENT' group by all")),null,1));
t0=performance.now(); await rows("select distinct lower(function_name) from duckdb_functions() where stability <> 'CONSISTENT'"); console.log('functions', performance.now()-t0);
const tree = async q => JSON.parse((await rows(`select json_serialize_sql('${q.replaceAll("'","''")}', skip_null := true, skip_empty := true, skip_default := true)::varchar`))[0][0]);
const show = async q => console.log(q, '\n', JSON.stringify(await tree(q)));
await show("select now(), current_date, current_timestamp, random() as r, 'now'::timestamp, today(), uuid() from a");
await show("select *, a.*, columns('x.*'), * exclude (b) from a");
await show("with x as (select * from a) from x left join (select k from b) as s using (k) where exists (select 1 from c where c.k = x.k)");
await show("select * from a, lateral (select * from b where b.k=a.k) union all select 1 from lake.raw.c order by 1");
await show("pivot a on k using sum(x)");
await show("select date_trunc('hour', a.ts), count(*) from a, 'x.csv', read_csv('y.csv'), range(3)");
const tryit = async (sql)=>{ const t=performance.now(); try { const p = await c.prepare(sql); const n=p.columnCount; const cols=[]; for (let i=0;i<n;i++) {let ty; try{ty=p.columnType(i)}catch(e){ty='?'} cols.push(p.columnName(i)+' '+ty);} console.log('ok', (performance.now()-t).toFixed(1), cols.join(', '));} catch(e){console.log((performance.now()-t).toFixed(1), e.message.slice(0,400))} };
const W="with a as (select null::bigint as id, null::timestamptz as ts, null::json as j where false) ";
for (const q of ["select * from 'x.csv'","select * from read_csv('x.csv')","select st_point(1,2)","select * from iceberg_scan('x')","select null as n, $first_hour as f, j from a","select now() + interval 1 hour","select ts::date, date_trunc('hour',ts) + interval 1 day, strftime(ts,'%Y') from a","select id as id, id as ID from a","select x from a","select a.x from a","select id from a where y = 1","select id from a order by zz","select id from a join a as b on b.idd = a.id","select sum(id) over (partition by zz) from a","select (select max(b.q) from a as b where b.id=a.id) from a","select count(id, id, id) from a","select id::foo from a","select * exclude (zz) from a","select a.ts.x from a","select id from a union select 1, 2","select upper(id, 2) from a","insert into a values (1)","select id,, from a","select 1; select 2","select * from memory.main.x","select * from information_schema.tables","select cast('x' as int)","with a as (select 1) select * from a", "select * from a as b, a where id = 1", "select id from a group by ts", "select count(*) filter (where zz) from a","select list_transform([1], lambda x: x + q) from a", "select j->>'x' from a", "select id from a qualify row_number() over (order by nn) = 1"]) { console.log(q); await tryit(W+q); }
const big = "with a as (select id, ts, k, j from x where ts > now()) select a.id, a.ts, count(*) as n, sum(b.j) as s from a left join b on a.id=b.id and b.ts <= a.ts where a.k like 'x%' group by all having count(*)>1";
for (const opt of ['', ', skip_null := true, skip_empty := true, skip_default := true']) {
 let t=performance.now();
 for (let i=0;i<200;i++) await rows(`select json_serialize_sql('${big.replaceAll("'","''")} ${i}'${opt})::varchar`);
 console.log('200 one by one', opt, performance.now()-t);
 t=performance.now();
 await rows('select '+Array.from({length:200},(_, i)=>`json_serialize_sql('${big.replaceAll("'","''")} + ${i}'${opt})::varchar`).join(','));
 console.log('200 in one', opt, performance.now()-t);
 t=performance.now();
 const r = await rows(`select json_serialize_sql(q${opt})::varchar from (values `+Array.from({length:200},(_, i)=>`('${big.replaceAll("'","''")} + ${i}')`).join(',')+') t(q)');
 console.log('200 as rows', opt, performance.now()-t, r[3][0].length);
}
let t=performance.now(); await Promise.all([0,1,2,3].map(async k=>{const d=await inst.connect(); for(let i=0;i<50;i++) {const p=await d.prepare(W+', b as (select null::bigint as id, null::bigint as j, null::timestamptz as ts where false) select a.id, a.ts, count(*) as n, sum(b.j) as s from a left join b on a.id=b.id and b.ts <= a.ts where a.id::varchar like \'x%\' group by all having count(*)>'+i);}})); console.log('200 prepare, 4 connections', performance.now()-t);
for (const d of ["create schema if not exists raw","create table if not exists lake.raw.x (a int)","create table raw.y (a int, b)","create table raw.y (a intt)","create table raw.z (a int) with ('format-version'='2')","create table raw.zz as select 1 as a","begin","create table raw.t1 (a int, b varchar default 'x', c int check (c > 0), primary key (a))","rollback"]) { try { await c.run(d); console.log('ran', d);} catch(e) {console.log(d, e.message)} }
process.exit(0)
