export { readTfjsFolder } from './folder.ts';
export { VARIABLE_SIZE } from './live-values.ts';
export { isTfjsModel, readTfjs, type TfjsModel } from './model-json.ts';
