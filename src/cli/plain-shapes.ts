/**
 * zod is told to check values as it finds them. It would make code for each shape of a map, which takes 8 ms
 * of the 117 ms of CPU of `psyberg run` with nothing new, and pays from some hundred process files on: 500 of
 * them took 751 ms so, 725 with code (Intel Xeon, 2026-11-30, loaded, best of 20 and of 6). Imported before
 * any shape is made.
 */
import * as z from 'zod';

z.config({ jitless: true });
