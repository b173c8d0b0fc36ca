'use strict';

// npm's install script: builds the addon, unless the package has come with a binary that this Node.js can load. With
// --build-from-source it is always built. Where install scripts do not run, such a binary does without.

const { spawnSync } = require('node:child_process');

function isPrebuilt() {
  if (process.env.npm_config_build_from_source) return false;
  try {
    // Not there before the first build of a clone.
    const { prebuiltPath } = require('../dist/binary.js');
    return String(require(prebuiltPath()).abi) === process.versions.modules;
  } catch {
    return false;
  }
}

function build() {
  // npm, pnpm and Yarn have their node-gyp in the PATH of install scripts. On Windows it is a batch file.
  const { status } = spawnSync('node-gyp', ['rebuild'], { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status === 0) return;
  const { platform, arch, version, versions } = process;
  console.error(
    `mprof: no binary has come with the package for Node.js ${version} (ABI ${versions.modules}) on ${platform} ${arch}, and ` +
      'building one has failed: that takes Python 3, make and a C++ compiler with C++17.',
  );
  process.exitCode = 1;
}

if (!isPrebuilt()) build();
