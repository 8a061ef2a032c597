import { MemoryTier } from '../../src/tiers/memory.js';
import { describeTier } from './tier.js';

describeTier('memory', async () => ({ tier: new MemoryTier({ maxBytes: 16 * 1024 * 1024 }) }));
