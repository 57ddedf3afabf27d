package dev.millrace.conformance;

import com.google.gson.annotations.SerializedName;
import com.stripe.model.ExpandableField;
import com.stripe.model.StripeObject;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Stripe's published models, as its own library has them: what fields there are, and of what type. The
 * library is made from Stripe's description of its interface.
 */
final class StripeModels {
  private static final Pattern PARTS = Pattern.compile("[^\\[\\]]+");

  private StripeModels() {}

  /** Null when the model has no such field. */
  private static Type field(Class<?> model, String name) {
    for (Class<?> c = model; c != null && c != Object.class; c = c.getSuperclass()) {
      for (Field field : c.getDeclaredFields()) {
        SerializedName serialized = field.getAnnotation(SerializedName.class);
        if (serialized != null && serialized.value().equals(name)) return field.getGenericType();
      }
    }
    return null;
  }

  /** What is wrong with an object by its model: fields that it does not have, values of another type. */
  static List<String> errors(JsonObject json, Class<?> model) {
    var errors = new ArrayList<String>();
    object(model.getSimpleName(), json, model, errors);
    return errors;
  }

  private static void object(String path, JsonObject json, Class<?> model, List<String> errors) {
    json.forEach(member -> {
      String here = path + "." + member.getKey();
      Type type = field(model, member.getKey());
      if (type == null) errors.add(here + ": no such field");
      else if (member.getValue() != null) value(here, member.getValue(), type, errors);
    });
  }

  private static void value(String path, Object value, Type type, List<String> errors) {
    if (type instanceof ParameterizedType generic) generic(path, value, generic, errors);
    else
      if (type instanceof Class<?> model && StripeObject.class.isAssignableFrom(model)
          && value instanceof JsonObject object)
        object(path, object, model, errors);
      else
        if (!simple(value, type)) errors.add(path + ": " + value + " is no " + type.getTypeName());
  }

  private static void generic(String path, Object value, ParameterizedType type, List<String> errors) {
    Type[] of = type.getActualTypeArguments();
    boolean fits = true;
    if (type.getRawType() == ExpandableField.class) {
      if (value instanceof JsonObject) value(path, value, of[0], errors);
      else fits = value instanceof String;
    } else if (type.getRawType() == Map.class) {
      fits = value instanceof JsonObject;
      if (fits)
        ((JsonObject) value).forEach(m -> value(path + "." + m.getKey(), m.getValue(), of[1], errors));
    } else {
      // Lists, and collections, which are objects with a list in them.
      fits = value instanceof JsonArray || value instanceof JsonObject;
      if (value instanceof JsonArray list)
        for (int i = 0; i < list.size(); i++) value(path + "[" + i + "]", list.getValue(i), of[0], errors);
    }
    if (!fits) errors.add(path + ": " + value + " is no " + type.getTypeName());
  }

  private static boolean simple(Object value, Type type) {
    if (type == String.class) return value instanceof String;
    if (type == Long.class || type == Integer.class)
      return value instanceof Integer || value instanceof Long;
    if (type == Boolean.class || type == boolean.class) return value instanceof Boolean;
    if (type == BigDecimal.class) return value instanceof Number || value instanceof String;
    // One of several objects, or anything at all.
    return value instanceof JsonObject || type == Object.class;
  }

  /** What is wrong with the fields of a form, or of a query, by the parameters of a call. */
  static List<String> formErrors(Map<String, String> form, Class<?> params) {
    var errors = new ArrayList<String>();
    form.forEach((name, value) -> {
      Type type = params;
      for (String part : PARTS.matcher(name).results().map(m -> m.group()).toList())
        type = inside(type, part);
      if (type == null) errors.add(name + ": no such parameter of " + params.getSimpleName());
      else if (!fits(value, type)) errors.add(name + ": " + value + " is no " + type.getTypeName());
    });
    return errors;
  }

  /** What a part of a parameter's name leads to. Metadata, which may be empty instead, can be anything. */
  private static Type inside(Type type, String part) {
    if (type == null || type == String.class) return null;
    if (type == Object.class) return String.class;
    if (type instanceof ParameterizedType generic) {
      Type[] of = generic.getActualTypeArguments();
      return of[of.length - 1];
    }
    return type instanceof Class<?> nested ? field(nested, part) : null;
  }

  private static boolean fits(String value, Type type) {
    // `name[]=value`: one of a list.
    if (type instanceof ParameterizedType list) return fits(value, list.getActualTypeArguments()[0]);
    if (type == Long.class) return value.matches("\\d{1,18}");
    if (type == Boolean.class) return value.equals("true") || value.equals("false");
    if (!(type instanceof Class<?> c) || !c.isEnum()) return type == String.class || type == Object.class;
    for (Field constant : c.getFields()) {
      SerializedName name = constant.getAnnotation(SerializedName.class);
      if (constant.isEnumConstant() && name != null && name.value().equals(value)) return true;
    }
    return false;
  }

  /** The values that are published of an enumerated parameter. */
  static List<String> values(Class<? extends Enum<?>> published) {
    var values = new ArrayList<String>();
    for (Field constant : published.getFields()) {
      SerializedName name = constant.getAnnotation(SerializedName.class);
      if (constant.isEnumConstant() && name != null) values.add(name.value());
    }
    return values;
  }
}
