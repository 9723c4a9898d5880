// Goal: the compiler knows each statement as its header declares it. Method: the catalogue is printed from the
// headers and compared; `npm run statements` writes it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { statementFile } from '../../src/statements/statement-file.ts';
import { documented } from '../docs/documented.ts';
import { catalogueText } from './catalogue-text.ts';

const SQL = join(import.meta.dirname, '../../sql');

it('is as the headers of sql/ say', () => {
  const names = readdirSync(SQL, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.slice(0, -'.sql'.length))
    .sort();
  documented(
    'src/statements/catalogue.ts',
    catalogueText(names.map(statementFile)),
    undefined,
    'npm run statements',
  );
});
