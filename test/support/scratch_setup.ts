// Runs before each test file: whatever folders its tests make are gone after its last test.
import { afterAll } from 'vitest';
import { removeScratchFolders } from './scratch.ts';

afterAll(removeScratchFolders);
