package dev.millrace.simulator.book;

import com.fasterxml.jackson.core.JsonParser;
import dev.millrace.simulator.book.Movement.Kind;
import java.io.IOException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** A movement as a line of the book file, both ways. */
final class MovementFormat {
  private int movements;

  /** Appends the movement's line, newline included. */
  static void write(StringBuilder out, Movement movement) {
    out.append("{\"m\":").append(movement.number()).append(",\"payment\":").append(movement.payment());
    out.append(",\"kind\":\"").append(movement.kind().text()).append('"');
    text(out, "reference", movement.reference());
    text(out, "key", movement.key());
    out.append(",\"amount\":").append(movement.amount()).append(",\"created\":").append(movement.created());
    out.append(",\"fingerprint\":\"").append(HexFormat.of().toHexDigits(movement.fingerprint())).append('"');
    if (movement.about() != Movement.NOTHING) {
      out.append(",\"about\":").append(movement.about());
    }
    if (movement.fault() != null) {
      out.append(",\"fault\":\"").append(movement.fault().text()).append('"');
    }
    text(out, "note", movement.note());
    if (movement.metadata() != null) {
      out.append(",\"metadata\":{").append(movement.metadata()).append('}');
    }
    out.append("}\n");
  }

  private static void text(StringBuilder out, String name, @Nullable String value) {
    if (value != null) {
      JsonText.string(out.append(",\"").append(name).append("\":"), value);
    }
  }

  /** Reads the line of the next movement, whose first field name is the current token. */
  Movement read(JsonParser json, int payments) throws IOException {
    var fields = new Fields();
    LineFormat.fields(json, fields::read);
    return fields.movement(movements++, payments);
  }

  /** The fields of one line as they are met. */
  private static final class Fields {
    private int number = -1;
    private int payment = -1;
    private int about = Movement.NOTHING;
    private long amount = -1;
    private long created;
    private long fingerprint;
    private @Nullable Kind kind;
    private @Nullable Fault fault;
    private @Nullable String reference;
    private @Nullable String key;
    private @Nullable String note;
    private @Nullable String metadata;

    void read(String name, JsonParser json) throws IOException {
      switch (name) {
        case "m" -> number = json.getIntValue();
        case "payment" -> payment = json.getIntValue();
        case "kind" -> kind = known(Kind.of(json.getText()), json.getText());
        case "fault" -> fault = known(Fault.of(json.getText()), json.getText());
        case "reference" -> reference = json.getText();
        case "key" -> key = json.getText();
        case "amount" -> amount = json.getLongValue();
        case "created" -> created = json.getLongValue();
        case "fingerprint" -> fingerprint = HexFormat.fromHexDigitsToLong(json.getText());
        case "about" -> about = json.getIntValue();
        case "note" -> note = json.getText();
        case "metadata" -> metadata = LineFormat.members(json);
        default -> throw new IOException("unknown field " + name);
      }
    }

    private static <T> T known(@Nullable T value, String text) throws IOException {
      if (value == null) {
        throw new IOException(text + " is unknown");
      }
      return value;
    }

    Movement movement(int expected, int payments) throws IOException {
      if (number != expected) {
        throw new IOException("m is " + number + " where " + expected + " follows");
      }
      if (kind == null || payment < 0 || amount < 0) {
        throw new IOException("kind, payment or amount is missing");
      }
      if (payment >= payments || about >= expected) {
        throw new IOException("it refers to a line that does not precede it");
      }
      String sharedKey = key != null && key.equals(reference) ? reference : key;
      return new Movement(expected, payment, kind, reference, sharedKey, amount, created, fingerprint, about,
          fault, note, metadata);
    }
  }
}
