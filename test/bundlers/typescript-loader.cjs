'use strict';
const typescript = require('typescript');

/** For webpack: what TypeScript makes of a file, and the map of that. */
module.exports = function compile(source) {
  const { outputText, sourceMapText } = typescript.transpileModule(source, {
    fileName: this.resourcePath,
    compilerOptions: { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ES2022, sourceMap: true },
  });
  const map = JSON.parse(sourceMapText);
  this.callback(null, outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, ''), { ...map, sources: [this.resourcePath], sourcesContent: [source] });
};
