/** Makes JSON schemas of a project's files, for editors and for the reference. Pure. */
import { PATTERNS } from '../kinds/patterns/index.ts';
import { PATTERN_NAMES } from '../model/process-spec.ts';
import { editorSchema, type JsonSchema } from './editor-schema.ts';
import { headerSchema } from './header-schema.ts';
import { PROCESS_EXAMPLES, PROCESS_KEYS, PROJECT_EXAMPLES, PROJECT_KEYS } from './key-descriptions.ts';
import { PROJECT_FILE, projectSchema } from './project-schema.ts';

/** The JSON schema of a process file's header, for editors. */
export function processHeaderJsonSchema(): JsonSchema {
  const ofHours = PATTERN_NAMES.filter((name) => PATTERNS[name].loadsHours);
  return editorSchema(headerSchema, {
    title: 'Header of a psyberg process',
    meanings: PROCESS_KEYS,
    examples: PROCESS_EXAMPLES,
    same: { 'sources[].vtts.from': 'sources[].vtts' },
    rules: {
      'sources[]': [{ oneOf: [{ required: ['table'] }, { required: ['files'] }] }],
      '': [
        { anyOf: [{ required: ['pattern'] }, { required: ['etl_pattern_id'] }] },
        {
          if: { properties: { pattern: { enum: [...ofHours, 2] } }, required: ['pattern'] },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schemas
          then: { properties: { target: { type: 'object', required: ['event_time'] } } },
        },
      ],
    },
  });
}

/** The JSON schema of psyberg.yaml, for editors. */
export function projectJsonSchema(): JsonSchema {
  return editorSchema(projectSchema, {
    title: PROJECT_FILE,
    meanings: PROJECT_KEYS,
    examples: PROJECT_EXAMPLES,
    rules: { catalog: [{ anyOf: [{ required: ['warehouse'] }, { required: ['uri'] }] }] },
  });
}
