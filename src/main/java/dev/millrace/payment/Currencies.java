package dev.millrace.payment;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The active currencies of ISO 4217 and how many decimals their minor unit has.
 *
 * @see <a href="https://www.six-group.com/en/products-services/financial-information/data-standards.html">ISO
 *   4217 list one, SIX Financial Information</a>
 */
public final class Currencies {
  private static final String NONE = "bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf";
  private static final String TWO = """
    aed afn all amd aoa ars aud awg azn bam bbd bdt bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf cny cop \
    crc cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl htg huf idr ils inr \
    irr jmd kes kgs khr kpw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn myr mzn \
    nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp \
    stn svc syp szl thb tjs tmt top try ttd twd tzs uah usd uyu uzs ved ves wst xcd xcg yer zar zmw zwg""";
  private static final String THREE = "bhd iqd jod kwd lyd omr tnd";
  private static final Map<String, Integer> EXPONENTS = new HashMap<>();

  static {
    put(NONE, 0);
    put(TWO, 2);
    put(THREE, 3);
  }

  private Currencies() {}

  private static void put(String codes, int exponent) {
    for (String code : codes.split("\\s+")) EXPONENTS.put(code, exponent);
  }

  /** Whether the code is one of the list, in lower case. */
  public static boolean known(String code) {
    return EXPONENTS.containsKey(code);
  }

  /** Decimals of the minor unit: 2 for usd, 0 for jpy, 3 for kwd. */
  public static int exponent(String code) {
    Integer exponent = EXPONENTS.get(code);
    if (exponent == null)
      throw new IllegalArgumentException(
          "not an ISO 4217 currency in lower case: " + code.toLowerCase(Locale.ROOT));
    return exponent;
  }
}
