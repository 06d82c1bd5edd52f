import { invalid } from '../../contract/errors.ts';
import type { ToolFunction, ToolUse } from '../tools.ts';
import { isObject } from './body.ts';
import { booleanField } from './fields.ts';

type Body = Readonly<Record<string, unknown>>;

const TOOLS_MAX = 128;
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** The functions that a request lets the model call; undefined: none. @throws Fault for tools that are not well formed, or a choice that names none of them */
export function toolsField(body: Body): ToolUse | undefined {
  const tools = body.tools ?? [];
  if (!Array.isArray(tools) || tools.length > TOOLS_MAX) throw invalid(`"tools" must be a list of at most ${TOOLS_MAX} functions.`, 'tools');
  const functions = tools.map((tool: unknown, i) => functionOf(tool, `tools[${i}]`));
  const names = new Set(functions.map(({ name }) => name));
  if (names.size < functions.length) throw invalid('"tools" names a function twice.', 'tools');
  const choice = body.tool_choice ?? (functions.length > 0 ? 'auto' : 'none');
  const isParallel = (body.parallel_tool_calls ?? true) === true;
  if (body.parallel_tool_calls !== undefined && body.parallel_tool_calls !== null) booleanField(body, 'parallel_tool_calls');
  if (choice === 'none') return undefined;
  if (functions.length === 0) throw invalid('"tool_choice" needs "tools".', 'tool_choice');
  if (choice === 'auto' || choice === 'required') return { functions, mode: choice, isParallel };
  const name = isObject(choice) && choice.type === 'function' && isObject(choice.function) ? choice.function.name : undefined;
  const chosen = functions.find((one) => one.name === name);
  if (!chosen) throw invalid('"tool_choice" must be "none", "auto", "required", or {"type": "function", "function": {"name": …}} with the name of one of "tools".', 'tool_choice');
  return { functions: [chosen], mode: 'required', isParallel: false };
}

function functionOf(tool: unknown, at: string): ToolFunction {
  const of = isObject(tool) && tool.type === 'function' ? tool.function : undefined;
  if (!isObject(of)) throw invalid(`"${at}" must be {"type": "function", "function": {…}}.`, at);
  const { name, description = '', parameters = { type: 'object', properties: {} } } = of;
  if (typeof name !== 'string' || !NAME.test(name)) throw invalid(`"${at}.function.name" must be 1 to 64 letters, digits, "_" or "-".`, `${at}.function.name`);
  if (typeof description !== 'string') throw invalid(`"${at}.function.description" must be a string.`, `${at}.function.description`);
  if (!isObject(parameters)) throw invalid(`"${at}.function.parameters" must be a JSON schema of an object.`, `${at}.function.parameters`);
  return { name, description, parameters, isStrict: booleanField(of, 'strict') };
}
