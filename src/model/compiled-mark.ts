/** Makes the first line of a compiled text: a file that begins otherwise belongs to somebody else. Pure. */

export const compiledMark = (processName: string, stage: string): string =>
  `-- psyberg compile ${processName}: ${stage}`;

/** Whether a text was compiled from that process and stage. */
export const isCompiledText = (text: string, processName: string, stage: string): boolean =>
  text.startsWith(`${compiledMark(processName, stage)}\n`);
