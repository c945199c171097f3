// Compiled as an ES module and as CommonJS, then run, with nothing installed but the package.
import * as core from '@stackone/sessions-core';
import * as conformance from '@stackone/sessions-core/conformance';

const error: core.SessionError | undefined = undefined;
if (core.isSessionError(error)) throw error;
void conformance;
