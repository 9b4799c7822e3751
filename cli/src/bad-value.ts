/** A value that its column can't take. The message completes a sentence that begins with the value. */
export class BadValue extends Error {}
