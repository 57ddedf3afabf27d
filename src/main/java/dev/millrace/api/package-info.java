/** The merchants' HTTP interface: routes, authentication, limits, problem details. */
package dev.millrace.api;
