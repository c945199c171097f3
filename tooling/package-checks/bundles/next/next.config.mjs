export default {
  output: 'standalone',
  outputFileTracingRoot: import.meta.dirname,
  // types are checked where the samples are
  typescript: { ignoreBuildErrors: true },
};
