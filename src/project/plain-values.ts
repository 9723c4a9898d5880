/** Handles parts of a header as they were written, before anything is known about them. */
import * as z from 'zod';
import { NAME_PATTERN } from '../model/names.ts';

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The name of a process, an alias or an audit. */
export const nameText = z
  .string()
  .regex(NAME_PATTERN, 'must hold letters, digits and _ only, and start with no digit');
