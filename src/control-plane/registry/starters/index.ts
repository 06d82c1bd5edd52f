import { allMiniLm } from './all-minilm-l6-v2.ts';
import { magika } from './magika.ts';
import { ppocr } from './ppocr-v4-rec.ts';
import { smollm2 } from './smollm2-135m-instruct.ts';
import type { Starter } from './starter.ts';

/** In the order in which a new home gets them. */
export const STARTERS: readonly Starter[] = [smollm2, allMiniLm, ppocr, magika];
