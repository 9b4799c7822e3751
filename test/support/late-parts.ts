/**
 * The parts of the library that it imports when the first database is made. If a test file ended meanwhile, the import would
 * fail, and with it the next file of the process that imports the same modules.
 */
import '../../src/bisect/bisect.ts';
import '../../src/flush/sharing.ts';
import '../../src/unit-of-work/queued-awaits.ts';
import '../../src/unit-of-work/writing.ts';
