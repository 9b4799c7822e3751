export default { cacheDir: '../../../node_modules/.vite/traced', test: { include: ['in-vitest.mjs'] } };
