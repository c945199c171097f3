import { vi } from 'vitest';

// Files share a process, which so loads each dependency once. The modules of this repository are loaded anew for each file:
// what one file mocks is not there in the next.
vi.resetModules();
