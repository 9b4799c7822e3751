#!/usr/bin/env node
// This file is not built, since npm links it when it installs the workspace. There is no `dist` then.
import './dist/main.js';
