"""What people and the bot of the invented coffee shop say to each other, by language and topic.

`# topic weight` starts a dialogue; `>` is the person, `<` the bot; `|` separates ways to go on, any of which fits;
`=` is the bot too, answering the person's first way with its first, the second with its second, ...; after
`---` the person may be gone. `{order}`, `{roast}`, `{day}` and `{city}` are filled in once for each chat.
"""

from dataclasses import dataclass

from coterie.demo.dice import Weighted

ROASTS = ("light", "medium", "dark", "espresso")

_ENGLISH = """
@roast light | medium | dark | espresso
@day Monday | Tuesday | Wednesday | Thursday | Friday | Saturday
# order 24
> Where is my order? | Hi, has my order shipped yet? | my package hasn't arrived | Any news on order {order}?
< Let me check. What is your order number? | Happy to look that up. Could you send me the order number?
> {order} | It's {order} | order number {order} | {order}, ordered last week
< Thanks! Order {order} left our roastery on {day} and is on its way. | Found it: {order} ships on {day}.
---
> Great, thank you! | Perfect | ok thanks | cool
< You're welcome. Enjoy the coffee! | Anything else I can do for you?
# hours 14
> What are your opening hours? | Are you open on {day}? | When do you close today? | store hours please
< The shop is open Monday to Saturday, 8 am to 6 pm. | We open at 8 am and close at 6 pm, Sundays at 2 pm.
---
> Do you also do breakfast? | Is there parking? | And on holidays? | Can I bring my dog?
= Yes, until 11 am. | Yes, right behind the shop. | On holidays we are closed. | Of course, dogs are welcome!
> Thanks! | Cool, see you on {day} | Thank you, that helps
< See you soon! | You're welcome!
# roast 22
> Help me find my roast | Which coffee should I try? | something for my French press? | find your roast
< Gladly! How do you make and drink it? | With pleasure. How do you like to drink your coffee?
> Black | With oat milk | filter mostly | Moka pot, every morning | I have an espresso machine
< And which taste do you like? | What should it taste like? | Fruity, nutty, chocolaty or strong?
> Chocolate, please | fruity! | Nutty, not too bitter | Something strong
< Then try our {roast} roast. Shall I put a bag in your basket? | I'd go for the {roast} roast.
---
> Yes please | Not yet, thanks | Sounds good, I'll take two bags
= Done. Have a lovely cup! | All right, it will be here when you are. | Done, two bags are in your basket.
# subscription 14
> How does the subscription work? | Can I pause my subscription? | I want to change my plan | subscribe
= You choose a coffee and how often. | Yes, any time. | You can do that in your account. | Gladly! Any questions?
> Can I get it every two weeks? | What does it cost? | Which coffee is in it? | Is shipping free?
= Yes: every one, two or four weeks. | From 14 for a bag. | Any of our roasts, as you like. | Yes, always.
---
> I'll think about it | Nice, sign me up | ok, pause it until {day} please
= All right. I'm here when you need me. | Done! You'll get an e-mail in a minute. | Done, it is paused.
# refund 10
> I'd like a refund | My bag arrived open | You sent the wrong coffee | the beans in {order} taste stale
< I'm sorry about that! Which order is it? | Sorry to hear it. May I have the order number?
> {order} | {order}, I think | It's number {order}
< Thank you. Would you like a new bag or your money back? | Got it. Replacement or refund?
> A new bag, please | Refund please | money back | Replacement is fine
< Done. You'll hear from us by {day}. | All set. Sorry again for the trouble!
---
> thanks for the quick help | Ok | Great service!
< You're welcome!
# gift 8
> Do you have gift cards? | I need a present for a coffee lover | gift ideas?
< We do gift boxes and cards. What is your budget? | How lovely! How much would you like to spend?
> Around 40 | 25 or so | Not more than 60
< Then the tasting box with our {roast} roast is perfect. | Our {roast} roast in a gift box, maybe?
---
> Can you send it to {city}? | Will it arrive before {day}? | Beautiful, thanks
= Yes, no problem. | Yes, if you order today. | Shall I help with anything else?
# human 4
> I want to talk to a person | agent | Can somebody call me back?
< Of course. Somebody from the shop will be in touch by {day}. | I'll pass it on. We answer within a day.
# wholesale 4
> Do you sell to restaurants? | We run a café in {city} and look for a roaster | wholesale prices?
< We do! How many kilos do you need a month? | Gladly. About how much coffee do you serve?
> About 20 kg | 50 kilos | Not sure yet, maybe 10
< Thank you. Our wholesale team will send you an offer by {day}. | Noted. You'll get an e-mail from us.
"""

_SPANISH = """
@roast claro | medio | oscuro | espresso
@day lunes | martes | miércoles | jueves | viernes | sábado
# order 30
> ¿Dónde está mi pedido? | Hola, mi pedido no ha llegado | ¿Ya enviaron el pedido {order}?
< Lo miro enseguida. ¿Cuál es el número de pedido? | Con gusto. ¿Me das el número de pedido?
> {order} | Es el {order} | número {order}
< ¡Gracias! El pedido {order} salió el {day}. | Lo encontré: {order} llega el {day}.
---
> Perfecto, gracias | Muchas gracias | ok
< ¡De nada! Que disfrutes del café. | ¿Algo más?
# hours 18
> ¿Cuál es el horario? | ¿Abren el {day}? | ¿A qué hora cierran hoy?
< Abrimos de lunes a sábado de 8 a 18 h. | La tienda abre a las 8 y cierra a las 18.
---
> ¿Hay estacionamiento? | ¿Y los domingos? | ¿Puedo ir con mi perro?
= Sí, detrás de la tienda. | Los domingos hasta las 14 h. | Sí, claro.
# roast 28
> ¿Qué café me recomiendas? | Busco un café para prensa francesa | Ayúdame a elegir mi tueste
< ¡Con gusto! ¿Cómo lo preparas? | Claro. ¿Cómo te gusta tomarlo?
> Solo | Con leche de avena | Con la moka, cada mañana
< ¿Y qué sabor te gusta? | ¿Afrutado, con chocolate o intenso?
> Chocolate | afrutado | Intenso, por favor
< Entonces prueba nuestro tueste {roast}. | Te recomiendo el tueste {roast}.
---
> ¡Me lo llevo! | Lo voy a pensar | Gracias
= ¡Que lo disfrutes! | Sin prisa. | ¡De nada!
# refund 12
> Quiero una devolución | La bolsa llegó abierta | Me enviaron otro café
< ¡Lo siento! ¿Cuál es el número de pedido? | Disculpa. ¿Qué pedido es?
> {order} | el {order}
< ¿Prefieres otra bolsa o el reembolso? | Gracias. ¿Cambio o reembolso?
> Otra bolsa, por favor | El reembolso
< Hecho. Te avisamos antes del {day}.
# subscription 12
> ¿Cómo funciona la suscripción? | Quiero pausar mi suscripción
= Eliges un café y cada cuánto lo quieres. | Puedes hacerlo en tu cuenta.
> ¿Cuánto cuesta? | ¿El envío es gratis? | ¿Llega a {city}?
= Desde 14 por bolsa. | Sí, siempre. | Sí, sin problema.
"""

_GERMAN = """
@roast helle | mittlere | dunkle | Espresso-
@day Montag | Dienstag | Mittwoch | Donnerstag | Freitag | Samstag
# order 30
> Wo ist meine Bestellung? | Hallo, mein Paket ist noch nicht da | Wann kommt Bestellung {order}?
< Ich schaue gern nach. Wie lautet die Bestellnummer? | Moment. Nennen Sie mir bitte die Bestellnummer?
> {order} | Das ist die {order} | Nummer {order}
< Danke! {order} hat unsere Rösterei am {day} verlassen. | Gefunden: {order} kommt am {day} an.
---
> Super, danke! | Vielen Dank | ok
< Gern geschehen. Guten Genuss! | Kann ich sonst noch etwas tun?
# hours 18
> Wann haben Sie geöffnet? | Haben Sie am {day} offen? | Öffnungszeiten?
< Der Laden ist Montag bis Samstag von 8 bis 18 Uhr geöffnet. | Wir öffnen um 8 und schließen um 18 Uhr.
---
> Gibt es Parkplätze? | Und sonntags? | Darf mein Hund mit?
= Ja, hinter dem Laden. | Sonntags bis 14 Uhr. | Ja, natürlich.
# roast 28
> Welcher Kaffee passt zu mir? | Ich suche etwas für die Siebträgermaschine | Röstung finden
< Gern! Wie trinken Sie ihn am liebsten? | Gern! Wie bereiten Sie ihn zu?
> Schwarz | Mit Hafermilch | Meistens Filter
< Lieber fruchtig, schokoladig oder kräftig? | Und welcher Geschmack?
> Schokoladig | fruchtig | Kräftig, aber nicht bitter
< Dann empfehle ich unsere {roast} Röstung. | Probieren Sie die {roast} Röstung.
---
> Klingt gut, nehme ich | Ich überlege es mir | Danke
= Viel Freude damit! | Gern, ganz in Ruhe. | Gern geschehen!
# refund 12
> Ich möchte mein Geld zurück | Die Tüte war offen | Sie haben den falschen Kaffee geschickt
< Das tut mir leid! Um welche Bestellung geht es? | Oh, Entschuldigung. Welche Bestellnummer ist es?
> {order} | Die {order}
< Möchten Sie Ersatz oder das Geld zurück? | Danke. Neue Tüte oder Erstattung?
> Ersatz bitte | Geld zurück
< Erledigt. Sie hören bis {day} von uns.
# subscription 12
> Wie funktioniert das Abo? | Kann ich mein Abo pausieren?
= Sie wählen Kaffee und Rhythmus. | Ja, jederzeit in Ihrem Konto.
> Was kostet das? | Liefern Sie nach {city}? | Ist der Versand frei?
= Ab 14 pro Tüte, mit Versand. | Ja, auch nach {city}. | Ja, immer.
"""

_POLISH = """
@roast jasno | średnio | ciemno | mocno
@day w poniedziałek | we wtorek | w środę | w czwartek | w piątek | w sobotę
# order 34
> Gdzie jest moje zamówienie? | Dzień dobry, paczka jeszcze nie dotarła | Kiedy przyjdzie {order}?
< Już sprawdzam. Jaki jest numer zamówienia? | Chętnie pomogę. Proszę podać numer zamówienia.
> {order} | To {order} | numer {order}
< Dziękuję! Zamówienie {order} będzie {day}. | Mam: {order} wysyłamy {day}.
---
> Super, dzięki! | Dziękuję bardzo | ok
< Smacznej kawy! | Czy mogę jeszcze w czymś pomóc?
# hours 20
> W jakich godzinach jest otwarte? | Czy {day} sklep jest otwarty? | Godziny otwarcia?
< Sklep jest otwarty od poniedziałku do soboty, od 8 do 18. | Otwieramy o 8, zamykamy o 18.
---
> A w niedzielę? | Czy jest parking? | Można przyjść z psem?
= W niedzielę do 14. | Tak, za sklepem. | Tak, oczywiście.
# roast 30
> Jaką kawę polecacie? | Szukam kawy do ekspresu | Pomóż mi wybrać kawę
< Chętnie! Jak najczęściej pije Pani/Pan kawę? | Jasne! W jaki sposób parzona?
> Czarną | Z mlekiem owsianym | Głównie przelew
< A jaki smak? | Owocową, czekoladową czy mocną?
> Czekoladową | owocową | Mocną, ale nie gorzką
< W takim razie polecam naszą {roast} paloną.
---
> Biorę! | Zastanowię się | Dzięki
= Smacznego! | Oczywiście, spokojnie. | Nie ma za co!
# refund 16
> Chcę zwrot pieniędzy | Torebka przyszła otwarta | Dostałam inną kawę
< Bardzo przepraszam! Jaki to numer zamówienia?
> {order} | {order}, chyba
< Nowa torebka czy zwrot pieniędzy?
> Nowa torebka | Zwrot, proszę
< Gotowe. Damy znać e-mailem.
"""

_PORTUGUESE = """
@roast clara | média | escura | espresso
@day segunda | terça | quarta | quinta | sexta
# order 34
> Onde está meu pedido? | Oi, meu pedido ainda não chegou | O pedido {order} já foi enviado?
< Vou verificar. Qual é o número do pedido? | Claro! Pode me passar o número do pedido?
> {order} | É o {order} | número {order}
< Obrigado! O pedido {order} saiu na {day}. | Encontrei: {order} chega na {day}.
---
> Ótimo, obrigada! | Valeu | ok
< De nada. Bom café! | Posso ajudar em mais alguma coisa?
# hours 20
> Qual é o horário da loja? | Vocês abrem na {day}? | Até que horas fica aberto?
< A loja abre de segunda a sábado, das 8h às 18h. | Abrimos às 8h e fechamos às 18h.
---
> Tem estacionamento? | E aos domingos? | Posso levar meu cachorro?
= Sim, atrás da loja. | Aos domingos até as 14h. | Sim, claro.
# roast 30
> Que café vocês recomendam? | Procuro um café para prensa francesa | Quero achar minha torra
< Com prazer! Como você toma? | Claro! Como você prepara?
> Puro | Com leite de aveia | Coado
< E que sabor você prefere? | Frutado, achocolatado ou intenso?
> Achocolatado | frutado | Intenso
< Então experimente a nossa torra {roast}. | Eu iria de torra {roast}.
---
> Vou levar! | Vou pensar | Obrigado
= Aproveite! | Sem pressa. | De nada!
# refund 16
> Quero reembolso | O pacote chegou aberto | Mandaram o café errado
< Sinto muito! Qual é o número do pedido?
> {order} | o {order}
< Prefere outro pacote ou o reembolso?
> Outro pacote, por favor | Reembolso
< Pronto. Avisamos até {day}.
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: who writes in which ways, whether these answer the ways of the turn before one by one, and whether the
    chat may have ended before it."""

    sender: str
    ways: tuple[str, ...]
    answers: bool
    may_end: bool


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A topic with its turns; what it mentions decides what the person's attributes can know."""

    topic: str
    turns: tuple[Turn, ...]
    orders: bool
    roasts: bool


@dataclass(frozen=True, slots=True)
class Language:
    """The dialogues of a language with its words for days and, in the order of `ROASTS`, for roasts."""

    days: tuple[str, ...]
    roasts: tuple[str, ...]
    dialogues: Weighted[Dialogue]


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(" | "))


def _casual(ways: tuple[str, ...]) -> tuple[str, ...]:
    """People also write without capital letter and final punctuation. Way n stays way n, modulo their number."""
    return ways * 3 + tuple((way[0].lower() + way[1:]).rstrip(".!") for way in ways)


def _dialogue(entry: str) -> tuple[Dialogue, float]:
    head, *lines = entry.strip().splitlines()
    topic, weight = head.split()
    turns, may_end = [], False
    for line in lines:
        if line != "---":
            ways = _split(line[2:])
            sender, ways = ("user", _casual(ways)) if line[0] == ">" else ("bot", ways)
            turns.append(Turn(sender, ways, line[0] == "=", may_end))
        may_end = line == "---"
    return Dialogue(topic, tuple(turns), "{order}" in entry, "{roast}" in entry), float(weight)


def _language(text: str) -> Language:
    words, *entries = text.split("\n# ")
    roasts, days = (_split(line.split(" ", 1)[1]) for line in words.strip().splitlines())
    return Language(days, roasts, Weighted(map(_dialogue, entries)))


ENGLISH = _language(_ENGLISH)
LANGUAGES = {
    "English": ENGLISH,
    "Spanish": _language(_SPANISH),
    "German": _language(_GERMAN),
    "Polish": _language(_POLISH),
    "Portuguese": _language(_PORTUGUESE),
}
