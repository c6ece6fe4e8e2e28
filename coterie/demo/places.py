"""Where invented people live: countries, cities with region and IANA time zone, and who lives there.

Country and language names are the English ones of CLDR, as channels store them. An entry of the table is the
country with its weight; who lives there (language, culture of the name, weight; a star means that the name is
written in Latin letters); and its cities by time zone, with region and weight.
"""

import re
from dataclasses import dataclass

from coterie.demo.dice import Weighted

_TABLE = """
= United States: 42
  English anglo 71, Spanish hispanic 10, English hispanic 7, English indian* 3, English chinese* 3,
  English vietnamese* 2, English nigerian 2, English korean* 1, English polish* 1
  America/New_York: New York (New York) 10, Brooklyn (New York) 6, Boston (Massachusetts) 4, Miami (Florida) 4
  America/New_York: Philadelphia (Pennsylvania) 4, Atlanta (Georgia) 3, Burlington (Vermont) 1
  America/Chicago: Chicago (Illinois) 6, Houston (Texas) 5, Austin (Texas) 4, Dallas (Texas) 4
  America/Chicago: Minneapolis (Minnesota) 2, Nashville (Tennessee) 2
  America/Los_Angeles: Los Angeles (California) 8, San Diego (California) 4, San Francisco (California) 4
  America/Los_Angeles: Seattle (Washington) 5, Portland (Oregon) 3
  America/Denver: Denver (Colorado) 3, El Paso (Texas) 1
  America/Phoenix: Phoenix (Arizona) 4
  America/Detroit: Detroit (Michigan) 2
  Pacific/Honolulu: Honolulu (Hawaii) 1
  America/Anchorage: Anchorage (Alaska) 1
= Canada: 4
  English anglo 60, French french 22, English indian* 8, English chinese* 7, English ukrainian* 3
  America/Toronto: Toronto (Ontario) 8, Ottawa (Ontario) 3, Montreal (Quebec) 6
  America/Vancouver: Vancouver (British Columbia) 5
  America/Edmonton: Calgary (Alberta) 3
  America/Winnipeg: Winnipeg (Manitoba) 1
  America/Halifax: Halifax (Nova Scotia) 1
= Mexico: 3
  Spanish hispanic 97, English hispanic 3
  America/Mexico_City: Mexico City (Mexico City) 9, Guadalajara (Jalisco) 4, Puebla (Puebla) 2
  America/Monterrey: Monterrey (Nuevo León) 4
  America/Tijuana: Tijuana (Baja California) 2
  America/Merida: Mérida (Yucatán) 1
= Brazil: 5
  Portuguese portuguese 94, Portuguese italian 4, Portuguese japanese* 2
  America/Sao_Paulo: São Paulo (São Paulo) 9, Campinas (São Paulo) 2, Rio de Janeiro (Rio de Janeiro) 6
  America/Sao_Paulo: Belo Horizonte (Minas Gerais) 4, Curitiba (Paraná) 3
  America/Bahia: Salvador (Bahia) 3
  America/Recife: Recife (Pernambuco) 2
  America/Fortaleza: Fortaleza (Ceará) 2
  America/Manaus: Manaus (Amazonas) 1
= Argentina: 2
  Spanish hispanic 80, Spanish italian 20
  America/Argentina/Buenos_Aires: Buenos Aires (Buenos Aires) 8
  America/Argentina/Cordoba: Córdoba (Córdoba) 3, Rosario (Santa Fe) 2
  America/Argentina/Mendoza: Mendoza (Mendoza) 1
= Colombia: 2
  Spanish hispanic 100
  America/Bogota: Bogotá (Bogotá) 7, Medellín (Antioquia) 4, Cali (Valle del Cauca) 3, Cartagena (Bolívar) 1
= Chile: 1
  Spanish hispanic 100
  America/Santiago: Santiago (Santiago Metropolitan) 6, Valparaíso (Valparaíso) 2
= Peru: 1
  Spanish hispanic 100
  America/Lima: Lima (Lima) 8, Arequipa (Arequipa) 2, Cusco (Cusco) 1
= United Kingdom: 6
  English anglo 84, English indian* 6, English pakistani* 4, English polish* 3, English nigerian 3
  Europe/London: London (England) 10, Manchester (England) 4, Bristol (England) 3, Leeds (England) 2
  Europe/London: Edinburgh (Scotland) 3, Glasgow (Scotland) 2, Cardiff (Wales) 1, Belfast (Northern Ireland) 1
= Ireland: 1
  English anglo 92, Polish polish 8
  Europe/Dublin: Dublin (Leinster) 6, Cork (Munster) 2, Galway (Connacht) 1
= Germany: 6
  German german 87, German turkish 6, German polish 3, English indian* 2, Ukrainian ukrainian 2
  Europe/Berlin: Berlin (Berlin) 8, Hamburg (Hamburg) 5, München (Bavaria) 5, Dresden (Saxony) 2
  Europe/Berlin: Köln (North Rhine-Westphalia) 4, Düsseldorf (North Rhine-Westphalia) 2, Leipzig (Saxony) 2
  Europe/Berlin: Frankfurt am Main (Hesse) 3, Stuttgart (Baden-Württemberg) 3
  Europe/Berlin: Freiburg im Breisgau (Baden-Württemberg) 1
= Austria: 1
  German german 96, German turkish 4
  Europe/Vienna: Wien (Vienna) 6, Graz (Styria) 2, Salzburg (Salzburg) 1
= Switzerland: 1
  German german 65, French french 25, Italian italian 10
  Europe/Zurich: Zürich (Zurich) 5, Bern (Bern) 2, Genève (Geneva) 2, Lausanne (Vaud) 1, Lugano (Ticino) 1
= France: 4
  French french 92, French arabic* 8
  Europe/Paris: Paris (Île-de-France) 9, Lyon (Auvergne-Rhône-Alpes) 4, Toulouse (Occitanie) 3
  Europe/Paris: Marseille (Provence-Alpes-Côte d’Azur) 4, Nantes (Pays de la Loire) 2, Rennes (Brittany) 1
= Belgium: 1
  Dutch dutch 57, French french 43
  Europe/Brussels: Brussel (Brussels) 4, Antwerpen (Flanders) 3, Gent (Flanders) 2
= Netherlands: 2
  Dutch dutch 94, Dutch turkish 4, English indian* 2
  Europe/Amsterdam: Amsterdam (North Holland) 6, Rotterdam (South Holland) 4, Utrecht (Utrecht) 3
= Spain: 3
  Spanish hispanic 89, Catalan hispanic 9, Spanish romanian 2
  Europe/Madrid: Madrid (Madrid) 8, Barcelona (Catalonia) 6, Valencia (Valencia) 3, Sevilla (Andalusia) 3
  Atlantic/Canary: Las Palmas (Canary Islands) 1
= Portugal: 1
  Portuguese portuguese 100
  Europe/Lisbon: Lisboa (Lisbon) 6, Porto (Porto) 4
  Atlantic/Madeira: Funchal (Madeira) 1
= Italy: 3
  Italian italian 98, Italian romanian 2
  Europe/Rome: Roma (Lazio) 6, Milano (Lombardy) 6, Torino (Piedmont) 3, Napoli (Campania) 3
  Europe/Rome: Bologna (Emilia-Romagna) 2, Palermo (Sicily) 1
= Poland: 5
  Polish polish 94, Ukrainian ukrainian 5, English indian* 1
  Europe/Warsaw: Warszawa (Mazovia) 8, Kraków (Lesser Poland) 5, Wrocław (Lower Silesia) 5, Łódź (Łódź) 3
  Europe/Warsaw: Gdańsk (Pomerania) 4, Poznań (Greater Poland) 3, Katowice (Silesia) 2, Lublin (Lublin) 1
= Czechia: 1
  Czech czech 96, Ukrainian ukrainian 4
  Europe/Prague: Praha (Prague) 6, Brno (South Moravia) 3, Ostrava (Moravia-Silesia) 2
= Ukraine: 2
  Ukrainian ukrainian 85, Ukrainian ukrainian* 15
  Europe/Kyiv: Kyiv (Kyiv City) 7, Lviv (Lviv Oblast) 4, Odesa (Odesa Oblast) 3, Kharkiv (Kharkiv Oblast) 3
= Romania: 1
  Romanian romanian 100
  Europe/Bucharest: București (Bucharest) 6, Cluj-Napoca (Cluj) 3, Iași (Iași) 2
= Hungary: 1
  Hungarian hungarian 100
  Europe/Budapest: Budapest (Budapest) 7, Debrecen (Hajdú-Bihar) 1, Pécs (Baranya) 1
= Greece: 1
  Greek greek 80, Greek greek* 20
  Europe/Athens: Athens (Attica) 6, Thessaloniki (Central Macedonia) 3, Patras (Western Greece) 1
= Sweden: 1
  Swedish nordic 96, Swedish arabic* 4
  Europe/Stockholm: Stockholm (Stockholm) 6, Göteborg (Västra Götaland) 4, Malmö (Skåne) 2
= Norway: 1
  Norwegian nordic 100
  Europe/Oslo: Oslo (Oslo) 6, Bergen (Vestland) 3, Trondheim (Trøndelag) 2
= Denmark: 1
  Danish nordic 100
  Europe/Copenhagen: København (Capital Region) 6, Aarhus (Central Jutland) 3
= Finland: 1
  Finnish finnish 94, Swedish nordic 6
  Europe/Helsinki: Helsinki (Uusimaa) 6, Tampere (Pirkanmaa) 3, Oulu (North Ostrobothnia) 1
= Türkiye: 2
  Turkish turkish 100
  Europe/Istanbul: İstanbul (Istanbul) 8, Ankara (Ankara) 4, İzmir (Izmir) 3
= Egypt: 1
  Arabic arabic 75, Arabic arabic* 15, English arabic* 10
  Africa/Cairo: Cairo (Cairo) 7, Alexandria (Alexandria) 4, Giza (Giza) 2
= Saudi Arabia: 1
  Arabic arabic 85, English arabic* 10, English pakistani* 5
  Asia/Riyadh: Riyadh (Riyadh) 6, Jeddah (Makkah) 4, Dammam (Eastern Province) 2
= United Arab Emirates: 1
  Arabic arabic 40, English indian* 30, English arabic* 15, English filipino 15
  Asia/Dubai: Dubai (Dubai) 6, Abu Dhabi (Abu Dhabi) 3, Sharjah (Sharjah) 1
= Morocco: 1
  Arabic arabic 55, French arabic* 45
  Africa/Casablanca: Casablanca (Casablanca-Settat) 5, Rabat (Rabat-Salé-Kénitra) 2
= Nigeria: 2
  English nigerian 90, Hausa hausa 10
  Africa/Lagos: Lagos (Lagos) 8, Abuja (Federal Capital Territory) 4, Ibadan (Oyo) 3, Kano (Kano) 2
= Kenya: 1
  English kenyan 70, Swahili kenyan 30
  Africa/Nairobi: Nairobi (Nairobi) 7, Mombasa (Mombasa) 2, Kisumu (Kisumu) 1
= South Africa: 1
  English southafrican 60, Afrikaans dutch 15, Zulu southafrican 15, English indian* 10
  Africa/Johannesburg: Johannesburg (Gauteng) 5, Cape Town (Western Cape) 5, Durban (KwaZulu-Natal) 3
= India: 6
  English indian* 60, Hindi indian 32, Hindi indian* 8
  Asia/Kolkata: Mumbai (Maharashtra) 7, Pune (Maharashtra) 4, Bengaluru (Karnataka) 7, New Delhi (Delhi) 6
  Asia/Kolkata: Hyderabad (Telangana) 4, Chennai (Tamil Nadu) 4, Jaipur (Rajasthan) 2, Kochi (Kerala) 2
= Pakistan: 1
  English pakistani* 55, Urdu pakistani 45
  Asia/Karachi: Karachi (Sindh) 6, Lahore (Punjab) 5, Islamabad (Islamabad) 2
= Vietnam: 2
  Vietnamese vietnamese 92, Vietnamese vietnamese* 8
  Asia/Ho_Chi_Minh: Ho Chi Minh City (Ho Chi Minh City) 7, Hanoi (Hanoi) 6, Da Nang (Da Nang) 2
= Thailand: 1
  Thai thai 75, Thai thai* 25
  Asia/Bangkok: Bangkok (Bangkok) 7, Chiang Mai (Chiang Mai) 3, Phuket (Phuket) 1
= Indonesia: 2
  Indonesian indonesian 100
  Asia/Jakarta: Jakarta (Jakarta) 8, Bandung (West Java) 3, Surabaya (East Java) 3
  Asia/Makassar: Denpasar (Bali) 2, Makassar (South Sulawesi) 1
= Philippines: 2
  Filipino filipino 55, English filipino 45
  Asia/Manila: Quezon City (Metro Manila) 5, Manila (Metro Manila) 4, Cebu City (Cebu) 3
= Singapore: 1
  English chinese* 60, Chinese chinese 15, English indian* 15, Malay indonesian 10
  Asia/Singapore: Singapore (Singapore) 1
= Japan: 4
  Japanese japanese 78, Japanese japanese* 18, English japanese* 4
  Asia/Tokyo: Tokyo (Tokyo) 9, Yokohama (Kanagawa) 4, Osaka (Osaka) 5, Kyoto (Kyoto) 3, Nagoya (Aichi) 3
  Asia/Tokyo: Fukuoka (Fukuoka) 2, Sapporo (Hokkaido) 2, Sendai (Miyagi) 1, Naha (Okinawa) 1
= South Korea: 2
  Korean korean 85, Korean korean* 15
  Asia/Seoul: Seoul (Seoul) 8, Busan (Busan) 3, Incheon (Incheon) 2, Daegu (Daegu) 1
= Taiwan: 1
  Chinese chinese 80, Chinese chinese* 20
  Asia/Taipei: Taipei (Taipei City) 6, Taichung (Taichung City) 3, Tainan (Tainan City) 2
= Australia: 3
  English anglo 84, English chinese* 6, English indian* 5, English vietnamese* 3, English greek* 2
  Australia/Sydney: Sydney (New South Wales) 7
  Australia/Melbourne: Melbourne (Victoria) 7
  Australia/Brisbane: Brisbane (Queensland) 4
  Australia/Perth: Perth (Western Australia) 3
  Australia/Adelaide: Adelaide (South Australia) 2
= New Zealand: 1
  English anglo 94, English chinese* 6
  Pacific/Auckland: Auckland (Auckland) 5, Wellington (Wellington) 3, Dunedin (Otago) 1
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """People of one language and naming culture; `latin` when their names are written in Latin letters."""

    language: str
    culture: str
    latin: bool


@dataclass(frozen=True, slots=True)
class City:
    """A city with the region it lies in and its time zone."""

    name: str
    region: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country with its cities and kinds of people, both weighted."""

    name: str
    cities: Weighted[City]
    kinds: Weighted[Kind]


_KIND = re.compile(r"(\w+) (\w+)(\*?) (\d+)")
_CITY = re.compile(r"([^,(]+) \(([^)]+)\) (\d+)")


def _country(entry: str) -> tuple[Country, float]:
    head, *lines = entry.strip().splitlines()
    name, weight = head.split(": ")
    kinds: list[tuple[Kind, float]] = []
    cities: list[tuple[City, float]] = []
    for line in lines:
        zone, colon, rest = line.strip().partition(": ")
        if colon:
            cities += [(City(c[0].strip(), c[1], zone), float(c[2])) for c in _CITY.findall(rest)]
        else:
            kinds += [(Kind(k[0], k[1], bool(k[2])), float(k[3])) for k in _KIND.findall(line)]
    return Country(name, Weighted(cities), Weighted(kinds)), float(weight)


COUNTRIES: Weighted[Country] = Weighted(map(_country, _TABLE.split("= ")[1:]))
