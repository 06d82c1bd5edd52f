import type { Manifest } from '../../../contract/manifest.ts';
import type { Starter } from './starter.ts';

/** target_labels_space of magika's standard_v3_3, in the model's order. */
const LABELS = `
3gp ace ai aidl apk applebplist appleplist asm asp autohotkey autoit awk batch bazel bib bmp bzip c cab cat chm clojure cmake cobol coff coffeescript
cpp crt crx cs csproj css csv dart deb dex dicom diff dm dmg doc dockerfile docx dsstore dwg dxf elf elixir emf eml epub erb erlang flac flv fortran
gemfile gemspec gif gitattributes gitmodules go gradle groovy gzip h5 handlebars haskell hcl hlp htaccess html icns ico ics ignorefile ini
internetshortcut ipynb iso jar java javabytecode javascript jinja jp2 jpeg json jsonl julia kotlin latex lha lisp lnk lua m3u m4 macho makefile
markdown matlab mht midi mkv mp3 mp4 mscompress msi mum npy npz nupkg objectivec ocaml odp ods odt ogg one onnx otf outlook parquet pascal pcap pdb
pdf pebin pem perl php pickle png po postscript powershell ppt pptx prolog proteindb proto psd python pythonbytecode pytorch qt r randombytes
randomtxt rar rdf rpm rst rtf ruby rust scala scss sevenzip sgml shell smali snap solidity sql sqlite squashfs srt stlbinary stltext sum svg swf swift
tar tcl textproto tga thumbsdb tiff toml torrent tsv ttf twig txt typescript vba vcxproj verilog vhdl vtt vue wasm wav webm webp winregistry wmf woff
woff2 xar xls xlsb xlsx xml xpi xz yaml yara zig zip zlibstream
`
  .trim()
  .split(/\s+/);

const pre = [{ op: 'bytesWindow', output: 'bytes', begin: 1024, middle: 0, end: 1024, block: 4096, padding: 256, bytesMin: 8 }];
const post = [{ op: 'topLabel', input: 'target_label', labels: LABELS, label: 'label', score: 'score' }];

/** Google's magika, standard_v3_3: the bytes of a file → its type. The numbers are its config's; label and score are the model's own, without thresholds. */
export const magikaPipeline: NonNullable<Manifest['pipeline']> = {
  inputs: [{ name: 'file', datatype: 'BYTES', shape: [-1] }],
  outputs: [
    { name: 'label', datatype: 'BYTES', shape: [-1] },
    { name: 'score', datatype: 'FP32', shape: [-1] },
  ],
  pre,
  post,
};

const MODEL = 'magika/models/standard_v3_3';

export const magika: Starter = {
  name: 'magika',
  sources: [{ source: 'pypi:magika==1.0.3', entries: { 'model.onnx': `${MODEL}/model.onnx`, 'config.min.json': `${MODEL}/config.min.json` } }],
  files: {
    'model.onnx': 'sha256:fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c',
    'config.min.json': 'sha256:ae24c742205358f6ff6dfd5facb6743fb69743dbba8373e73da58ff0cbd695db',
  },
  pipeline: magikaPipeline,
  licence: 'Apache-2.0',
  origin: 'google/magika standard_v3_3, packaged as pypi:magika==1.0.3',
  card: `# Magika (standard_v3_3)

Tells the type of a file by its first and last 1024 bytes: 214 types. By Google. Licence: Apache-2.0.

**Good for** sorting uploads and checking that a file is what its name says.

**Limits** The label is the model's own best guess with its score: Magika's thresholds per type, and its rules for empty, tiny and plain text files, are not applied here. It is not a malware scanner.
`,
};
