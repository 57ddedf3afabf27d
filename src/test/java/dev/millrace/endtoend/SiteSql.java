package dev.millrace.endtoend;

import dev.millrace.testing.Site;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Questions to a site's database, as its owner. */
public final class SiteSql {
  private SiteSql() {}

  /** Each row as its columns' texts. */
  public static List<List<String>> rows(Site site, String sql) {
    return site.query(sql, rows -> {
      var list = new ArrayList<List<String>>();
      while (rows.next()) {
        var row = new ArrayList<String>();
        for (int c = 1; c <= rows.getMetaData().getColumnCount(); c++) row.add(rows.getString(c));
        list.add(row);
      }
      return list;
    });
  }

  /** Does something, or several things in one transaction. */
  public static void run(Site site, String sql) {
    try (var connection = site.database(); var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** A text and a number a row. */
  public static Map<String, Long> numbers(Site site, String sql) {
    var map = new TreeMap<String, Long>();
    rows(site, sql).forEach(row -> map.put(row.get(0), Long.valueOf(row.get(1))));
    return map;
  }

  /** Two texts a row. */
  public static Map<String, String> texts(Site site, String sql) {
    var map = new TreeMap<String, String>();
    rows(site, sql).forEach(row -> map.put(row.get(0), row.get(1)));
    return map;
  }

  public static String text(Site site, String sql) { return rows(site, sql).getFirst().getFirst(); }

  public static Map<String, Long> statuses(Site site) {
    return numbers(site, "SELECT status, count(*) FROM payment GROUP BY 1");
  }
}
