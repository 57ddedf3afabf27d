/**
 * What starting a process needs beside the roles: topics, commands, the banner. Wires, so it may use every
 * context.
 */
package dev.millrace.start;
