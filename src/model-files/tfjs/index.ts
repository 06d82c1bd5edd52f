export { readTfjsFolder } from './folder.ts';
export { isTfjsModel, readTfjs, type TfjsModel } from './model-json.ts';
