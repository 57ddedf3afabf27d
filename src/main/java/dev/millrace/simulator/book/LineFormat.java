package dev.millrace.simulator.book;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** The lines of the book file, both ways. What is read back builds the same answers, byte for byte. */
final class LineFormat {
  private static final JsonFactory JSON = new JsonFactory();
  private final EntryFormat entries = new EntryFormat();
  private final MovementFormat movements = new MovementFormat();

  /** Takes the value of a field. */
  interface Field {
    void read(String name, JsonParser value) throws IOException;
  }

  /** Appends a line, newline included. */
  static void write(StringBuilder out, BookLine line) {
    switch (line) {
      case Entry entry -> EntryFormat.write(out, entry);
      case Movement movement -> MovementFormat.write(out, movement);
    }
  }

  /**
   * Reads the next line: an entry begins with {@code n}, a movement with {@code m}.
   *
   * @throws IOException
   *           saying what is wrong with the line
   */
  BookLine read(byte[] line, int offset, int length) throws IOException {
    try (JsonParser json = JSON.createParser(line, offset, length)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not a JSON object");
      }
      json.nextToken();
      BookLine read = "m".equals(json.currentName())
          ? movements.read(json, entries.count())
          : entries.read(json);
      if (json.currentToken() != JsonToken.END_OBJECT || json.nextToken() != null) {
        throw new IOException("text after the line");
      }
      return read;
    } catch (NumberFormatException e) {
      throw new IOException("fingerprint is not hexadecimal", e);
    }
  }

  /** Hands over the fields of an object, from the name that is the current token to the object's end. */
  static void fields(JsonParser json, Field field) throws IOException {
    for (JsonToken token = json.currentToken(); token == JsonToken.FIELD_NAME; token = json.nextToken()) {
      String name = json.currentName();
      json.nextToken();
      field.read(name, json);
    }
  }

  /** The members of an object of strings, as escaped JSON. */
  static String members(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw new IOException("metadata is not an object");
    }
    var out = new StringBuilder();
    json.nextToken();
    fields(json, (name, value) -> {
      JsonText.string(out.append(out.isEmpty() ? "" : ","), name).append(':');
      JsonText.string(out, value.getText());
    });
    return out.toString();
  }
}
