/** Makes the JSON schema of test files. Pure. */
import * as z from 'zod';
import { strictMap } from '../../kinds/shapes.ts';
import { editorSchema, type JsonSchema } from '../../project/editor-schema.ts';
import { ROW_FORM_KEYS, TESTS_EXAMPLES, TESTS_KEYS } from './key-descriptions.ts';
import { testSchema } from './test-schema.ts';

/** The JSON schema of a test file, for editors and for the reference. */
export function testsJsonSchema(): JsonSchema {
  const arrival = 'tests[].arrivals[]';
  return editorSchema(strictMap({ tests: z.array(testSchema).min(1) }), {
    title: 'psyberg tests',
    meanings: { ...TESTS_KEYS, ...ROW_FORM_KEYS },
    examples: TESTS_EXAMPLES,
    same: { [`${arrival}.expect_of.*`]: `${arrival}.expect` },
    rules: { 'tests[]': [{ oneOf: [{ required: ['process'] }, { required: ['processes'] }] }] },
  });
}
