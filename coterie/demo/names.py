"""Names of invented people, by culture: as they write them, and in Latin letters for e-mail and usernames.

A line of the table holds given names of men (m), of women (w), or family names (f). `native:latin` gives the
Latin form of a name in another script, `a/b` the forms of a family name for men and women, `_` a space. Any
likeness of a combination to a real person is chance.
"""

import re
import unicodedata
from dataclasses import dataclass

from coterie.demo.dice import Roll, pick

# After the culture: (g)iven or (f)amily name first; a dot: nothing stands between them; 2: two family names.
_TABLE = """
= anglo g
m Jack Oliver Henry Ethan Lucas Caleb Owen Wyatt Dylan Connor Marcus Rowan Trevor Graham Elliot Simon Theo
m Miles Patrick
w Emma Grace Phoebe Hannah Megan Abigail Claire Paige Nora Hazel Lucy Alice Brooke Fiona Heather Molly Sadie
w Ruby Joanna
f Carter Bennett Hughes Foster Marsh Whitfield Palmer Sutton Hayes O’Connell Brennan Doyle Fletcher Harding
f Lowell Quinn Ashworth Barlow Kendrick Mercer Thornton Wakefield Pritchard Redmond Sinclair Tilley Vaughn
f Winslow Hartley Maddox
= hispanic g2
m Mateo Santiago Diego Adrián Andrés Luis Ulises Emilio Rafael Tomás Joaquín Sebastián Gael Iván Rubén
m Álvaro
w Lucía Sofía Valentina Camila Paula Daniela Mariana Carmen Elena Ximena Renata Julieta Noelia Rocío Inés
w Pilar
f García Hernández López Martínez Ramírez Torres Flores Vargas Castillo Ortega Delgado Peña Núñez Aguilar
f Rojas Medina Salazar Cabrera Domínguez Ibáñez Quintero Zamora Villalba Espinosa Carrillo Olivares Muñoz
f Cárdenas Robles Pacheco
= portuguese g2
m João Pedro Murilo Rafael Davi Lucas Felipe Gustavo Caio Vinícius Tiago Duarte Nuno Bernardo Otávio
w Ana Beatriz Larissa Mariana Letícia Júlia Fernanda Camila Inês Catarina Luana Bruna Isadora Heloísa Raquel
f Silva Santos Oliveira Pereira Almeida Carvalho Gomes Ribeiro Martins Barbosa Araújo Cardoso Teixeira
f Moreira Nogueira Azevedo Fonseca Magalhães Brandão Simões Guimarães Antunes Figueiredo Tavares Lacerda
f Queiroz Peixoto Macedo
= german g
m Lukas Jonas Felix Maximilian Leon Tobias Sebastian Fabian Matthias Jürgen Stefan Björn Moritz Henrik Uwe
m Götz
w Anna Lena Marie Katharina Julia Sabine Franziska Annika Greta Heike Jana Ute Johanna Mareike Clara Käthe
f Müller Schmidt Schneider Fischer Weber Wagner Becker Hoffmann Schäfer Kern Bauer Richter Klein Wolf
f Schröder Neumann Zimmermann Krüger Lange Krause Lehmann Köhler Böhm Vogt Seidel Engelhardt Lindner Brandt
f Haas Jäger Reuter Winkler
= french g
m Louis Hugo Lucas Théo Antoine Julien Mathieu Clément Baptiste Étienne Rémi Gaspard Olivier Loïc Quentin
m Benoît
w Camille Chloé Manon Élise Juliette Margaux Amélie Inès Océane Sylvie Hélène Clémence Agathe Solène Maëlle
w Anaïs
f Martin Bernard Dubois Moreau Laurent Lefèvre Girard Bonnet Fontaine Chevalier Garnier Faure Mercier
f Blanchard Guérin Perrin Morel Lemaire Renaud Barbier Tessier Vasseur Delattre Hébert Marchal Pichon
f Rousset Caron Berthelot Aubry
= dutch g
m Daan Sem Bram Lars Thijs Jeroen Pieter Ruben Joost Koen Sander Maarten Willem Niels Hendrik
w Emma Sanne Lotte Fleur Anouk Femke Marieke Eva Iris Roos Maud Lieke Ilse Noor Hanneke
f de_Vries Jansen Bakker Visser Smit Meijer de_Boer Mulder Bos Peters Hendriks Dekker van_Dijk van_den_Berg
f Brouwer Kuipers Verhoeven Willems Maes Claes Peeters Postma Hoekstra van_der_Meer Vermeulen Schouten Kok
f van_Leeuwen Timmers
= italian g
m Leonardo Francesco Alessandro Lorenzo Mattia Andrea Davide Riccardo Niccolò Giorgio Emanuele Tommaso
m Pietro Salvatore
w Giulia Sofia Aurora Chiara Martina Francesca Elisa Ilaria Beatrice Simona Paola Camilla Noemi Ludovica
w Serena
f Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Fontana Caruso
f Rizzo Lombardi Moretti Barbieri Galli Testa Pellegrini Longo Vitale Bernardi Santoro Marchetti Donati
f Sartori Piras Fabbri D’Angelo
= polish g
m Jakub Filip Krzysztof Tomasz Michał Paweł Łukasz Marcin Wojciech Mateusz Grzegorz Szymon Bartosz Kacper
m Przemysław
w Anna Katarzyna Małgorzata Agnieszka Magdalena Zofia Joanna Ewa Aleksandra Karolina Natalia Hanna Wiktoria
w Bożena Żaneta
f Nowak Kowalski/Kowalska Wiśniewski/Wiśniewska Wójcik Kamiński/Kamińska Zieliński/Zielińska
f Szymański/Szymańska Mazur Woźniak Kozłowski/Kozłowska Jankowski/Jankowska Wojciechowski/Wojciechowska
f Krawczyk Grabowski/Grabowska Pawlak Michalski/Michalska Król Wieczorek Jabłoński/Jabłońska Wróbel
f Dąbrowski/Dąbrowska Stępień Górski/Górska Pająk Sikora
= czech g
m Jan Jakub Tomáš Martin Ondřej Vojtěch Petr Lukáš Jiří Matěj Zdeněk Radek
w Eliška Tereza Anna Kateřina Lucie Veronika Barbora Markéta Jana Zuzana Alžběta Šárka
f Novák/Nováková Svoboda/Svobodová Novotný/Novotná Dvořák/Dvořáková Černý/Černá Procházka/Procházková
f Kučera/Kučerová Veselý/Veselá Horák/Horáková Němec/Němcová Pokorný/Pokorná Růžička/Růžičková
f Beneš/Benešová Fiala/Fialová
= ukrainian g
m Олександр:Oleksandr Андрій:Andrii Дмитро:Dmytro Максим:Maksym Іван:Ivan Сергій:Serhii Тарас:Taras
m Богдан:Bohdan
w Олена:Olena Оксана:Oksana Наталія:Nataliia Ірина:Iryna Катерина:Kateryna Юлія:Yuliia Дарина:Daryna
w Соломія:Solomiia
f Коваленко:Kovalenko Бондаренко:Bondarenko Ткаченко:Tkachenko Кравченко:Kravchenko Олійник:Oliinyk
f Мельник:Melnyk Лисенко:Lysenko Гриценко:Hrytsenko Савченко:Savchenko Петренко:Petrenko Марченко:Marchenko
f Поліщук:Polishchuk Романюк:Romaniuk Гончар:Honchar Левчук:Levchuk Мазур:Mazur Дорошенко:Doroshenko
f Заєць:Zaiets Якименко:Yakymenko
= romanian g
m Andrei Mihai Alexandru Ionuț Ștefan Cristian Radu Vlad Bogdan Răzvan Dragoș
w Maria Ioana Andreea Elena Alina Raluca Mihaela Bianca Anca Simona Lăcrămioara
f Popescu Ionescu Popa Dumitru Stan Stoica Grosu Matei Rusu Munteanu Moldovan Șerban Lazăr Ciobanu
f Țurcanu Voicu
= hungarian f
m Bence Máté Levente Dániel Gábor Zoltán László Péter Attila Ákos István Tamás
w Anna Eszter Réka Zsófia Katalin Emese Ildikó Nóra Dóra Boglárka Ágnes Virág
f Nagy Kovács Tóth Szabó Horváth Varga Kiss Molnár Németh Farkas Balogh Takács Juhász Lakatos Mészáros Szűcs
f Fekete
= greek g
m Γιώργος:Giorgos Δημήτρης:Dimitris Νίκος:Nikos Κώστας:Kostas Παναγιώτης:Panagiotis Μάνος:Manos
m Στέλιος:Stelios
w Μαρία:Maria Ελένη:Eleni Κατερίνα:Katerina Σοφία:Sofia Άννα:Anna Δέσποινα:Despina Ιωάννα:Ioanna
f Οικονόμου:Oikonomou Παππάς/Παππά:Pappas/Pappa Νικολάου:Nikolaou Δήμου:Dimou Βλάχος/Βλάχου:Vlachos/Vlachou
f Καραγιάννης/Καραγιάννη:Karagiannis/Karagianni Αλεξίου:Alexiou Γεωργίου:Georgiou Σταύρου:Stavrou
f Μακρής/Μακρή:Makris/Makri
= nordic g
m Erik Lars Johan Magnus Sven Anders Nils Oskar Mikkel Søren Kristian Håkon Jens Åke Björn
w Anna Ingrid Astrid Freja Linnea Maja Elsa Signe Karin Solveig Mette Sofie Åsa Märta Ragnhild
f Andersson Johansson Karlsson Nilsson Lindqvist Bergström Hansen Olsen Johansen Nielsen Jensen Sørensen
f Møller Holm Dahl Lund Berg Strand Haugen Kjær Nygård Ekström Sjöberg Lindell Østergaard Bakke Solberg
f Åberg Thorsen Krogh
= finnish g
m Juhani Tapio Antti Jari Ville Eetu Olli Lauri Pekka Väinö
w Aino Emilia Helmi Päivi Sanna Tuuli Riikka Noora Elina Kaisa
f Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen Järvinen Lehtonen Saarinen
f Niemelä Rantala
= turkish g
m Mehmet Mustafa Ahmet Emre Can Tolga Kerem Oğuz Ömer Serkan Çağrı Barış
w Ayşe Fatma Zeynep Elif Merve Esra Gül Defne Büşra Şule Özlem Ceren
f Yılmaz Kaya Demir Çelik Şahin Yıldız Öztürk Aydın Arslan Doğan Kılıç Aslan Çetin Koç Kurt Polat Güneş
f Aksoy Taş Uçar
= arabic g
m محمد:Mohammed أحمد:Ahmed علي:Ali عمر:Omar خالد:Khaled يوسف:Youssef حسن:Hassan كريم:Karim سامي:Sami
m طارق:Tariq
w فاطمة:Fatima مريم:Mariam عائشة:Aisha نور:Nour ليلى:Layla سارة:Sara هدى:Huda رنا:Rana سلمى:Salma
w ياسمين:Yasmin
f الحربي:Al-Harbi الزهراني:Al-Zahrani الهاشمي:Al-Hashemi حداد:Haddad خليل:Khalil نجار:Najjar سعيد:Saeed
f الشامي:Al-Shami المصري:Al-Masri الكردي:Al-Kurdi حمدان:Hamdan العتيبي:Al-Otaibi بركات:Barakat
f درويش:Darwish الفاسي:El-Fassi
= hausa g
m Musa Ibrahim Sani Aminu Yusuf Garba Kabiru Nasiru Bello
w Aisha Zainab Hauwa Maryam Halima Rakiya Safiya Hadiza Asabe
f Abubakar Suleiman Danjuma Lawal Shehu Gambo Yakubu Tanko Wada Dauda Umar
= nigerian g
m Chinedu Nonso Tunde Segun Obinna Wale Ikenna Babatunde Uche Kelechi Damilola Olumide
w Ngozi Chioma Folake Adaeze Yetunde Amaka Ifeoma Bukola Temitope Nkechi Titilayo Ebere
f Okafor Adeyemi Okonkwo Eze Balogun Nwosu Adebayo Ogunleye Chukwu Olawale Nnamdi Akintola Obi Onyekachi
f Oyelaran Ibe
= kenyan g
m Kamau Otieno Kiprono Mwangi Juma Brian Ochieng Baraka Mutua
w Wanjiru Achieng Njeri Akinyi Wambui Zawadi Chebet Neema Mumbua
f Kariuki Odhiambo Njoroge Wekesa Kipchumba Omondi Maina Mutiso Karanja Barasa Cheruiyot Onyango Muthoni
f Gitonga
= southafrican g
m Thabo Sipho Lungelo Bongani Themba Lwazi Kagiso Tebogo Sizwe
w Nomsa Thandeka Lerato Zanele Ayanda Naledi Busisiwe Palesa Refilwe
f Nkosi Dlamini Ndlovu Khumalo Mokoena Mthembu Sithole Botha Naidoo Mahlangu Molefe Zulu van_Wyk Buthelezi
f Radebe
= indian g
m आरव:Aarav विवान:Vivaan अर्जुन:Arjun रोहन:Rohan राहुल:Rahul अमित:Amit गिरीश:Girish विक्रम:Vikram करण:Karan
m निखिल:Nikhil सूरज:Suraj
w प्रिया:Priya अनन्या:Ananya दीया:Diya कविता:Kavita स्वाति:Swati पूजा:Pooja मीरा:Meera श्रेया:Shreya
w अंजलि:Anjali लक्ष्मी:Lakshmi रितु:Ritu
f शर्मा:Sharma वर्मा:Verma गुप्ता:Gupta पटेल:Patel सिंह:Singh मेहता:Mehta अय्यर:Iyer रेड्डी:Reddy नायर:Nair
f जोशी:Joshi देसाई:Desai कुलकर्णी:Kulkarni मिश्रा:Mishra चौधरी:Chaudhary पिल्लई:Pillai राव:Rao भट्ट:Bhatt
f सेन:Sen मल्होत्रा:Malhotra ठाकुर:Thakur दास:Das
= pakistani g
m بلال:Bilal حمزہ:Hamza عثمان:Usman فیصل:Faisal وقار:Waqar عدنان:Adnan شہزاد:Shahzad
w عائشہ:Ayesha زینب:Zainab ماہا:Maha ثنا:Sana ارم:Iram نادیہ:Nadia صبا:Saba
f خان:Khan ملک:Malik شیخ:Sheikh قریشی:Qureshi چوہدری:Chaudhry بٹ:Butt میاں:Mian رضوی:Rizvi انصاری:Ansari
f صدیقی:Siddiqui
= vietnamese f
m Văn_Nam Minh Hùng Quang_Huy Đức Tuấn Anh_Dũng Thành Văn_Long Bảo Khánh Quốc_Việt
w Thị_Mai Thị_Lan Hương Thu_Hà Ngọc Linh Thị_Hoa Phương Thùy_Trang Bích_Ngọc Thảo Như_Quỳnh
f Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý
= thai g
m สมชาย:Somchai ธนากร:Thanakorn ณัฐพล:Nattapon กิตติ:Kitti วีระ:Weera อนุชา:Anucha
w สุดา:Suda กาญจนา:Kanchana พิมพ์ใจ:Pimjai มาลี:Malee อรุณี:Arunee ชลธิชา:Chonticha
f ศรีสุข:Srisuk แสงทอง:Saengthong บุญมา:Boonma ทองดี:Thongdee วงศ์ใหญ่:Wongyai ใจดี:Jaidee สุขใจ:Sukjai
f แก้วมณี:Kaewmanee
= indonesian g
m Budi Agus Rizky Andi Dimas Bayu Eko Fajar Hendra Wahyu
w Siti Dewi Putri Ayu Rina Wulan Indah Fitri Lestari Ratna
f Santoso Wijaya Saputra Pratama Hidayat Nugroho Setiawan Kusuma Gunadi Siregar Hakim Permana Utami Susanto
f Rahman
= filipino g
m Danilo Marlon Paolo Rico Jomar Angelo Bayani Carlo Dindo Arnel
w Maria_Luz Angelica Jasmine Liza Marisol Tala Divina Rowena Cherry Mayumi
f Reyes Cruz Bautista Ocampo Mendoza Villanueva Dela_Cruz Manalo Pascual Salonga Dimaculangan Magsino
f Macaraeg Lacson
= japanese f
m 大翔:Hiroto 蓮:Ren 健太:Kenta 翔太:Shota 拓也:Takuya 直樹:Naoki 和也:Kazuya 悠斗:Yuto 誠:Makoto
m 大輔:Daisuke 涼:Ryo 陽介:Yosuke
w 陽菜:Hina 美咲:Misaki さくら:Sakura 結衣:Yui 葵:Aoi 七海:Nanami 彩花:Ayaka 真由美:Mayumi 恵子:Keiko
w 優子:Yuko 遥:Haruka 千尋:Chihiro
f 佐藤:Sato 鈴木:Suzuki 高橋:Takahashi 田中:Tanaka 伊藤:Ito 渡辺:Watanabe 山本:Yamamoto 中村:Nakamura
f 小林:Kobayashi 加藤:Kato 吉田:Yoshida 山田:Yamada 佐々木:Sasaki 山口:Yamaguchi 松本:Matsumoto 井上:Inoue
f 木村:Kimura 清水:Shimizu 森:Mori 池田:Ikeda
= korean f.
m 민준:Min-jun 서준:Seo-jun 도윤:Do-yun 지호:Ji-ho 현우:Hyun-woo 성민:Sung-min 준영:Jun-young 태현:Tae-hyun
w 서연:Seo-yeon 지우:Ji-woo 수빈:Su-bin 하은:Ha-eun 민지:Min-ji 유진:Yu-jin 은정:Eun-jung 예린:Ye-rin
f 김:Kim 이:Lee 박:Park 최:Choi 정:Jung 강:Kang 조:Cho 윤:Yoon 장:Jang 임:Lim 한:Han 오:Oh 서:Seo 신:Shin
f 권:Kwon
= chinese f.
m 志明:Chih-ming 建宏:Chien-hung 家豪:Chia-hao 俊傑:Chun-chieh 偉:Wei 浩然:Haoran 子軒:Zixuan 冠宇:Kuan-yu
w 淑芬:Shu-fen 雅婷:Ya-ting 怡君:Yi-chun 美玲:Mei-ling 佳穎:Chia-ying 詩涵:Shih-han 欣怡:Hsin-yi
w 婉婷:Wan-ting
f 陳:Chen 林:Lin 黃:Huang 張:Chang 李:Lee 王:Wang 吳:Wu 劉:Liu 蔡:Tsai 楊:Yang 許:Hsu 鄭:Cheng 謝:Hsieh
f 郭:Kuo 洪:Hung 曾:Tseng
"""


@dataclass(frozen=True, slots=True)
class Word:
    """A part of a name as its bearer writes it, romanised, and in the plain letters of an e-mail address."""

    native: str
    latin: str
    plain: str


@dataclass(frozen=True, slots=True)
class Name:
    """A whole name; `given` and `family` are in plain letters."""

    full: str
    given: str
    family: str


_LETTERS = str.maketrans({"ł": "l", "ß": "ss", "ø": "o", "đ": "d", "ı": "i", "æ": "ae"})


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return re.sub("[^a-z]", "", letters)


def _words(text: str) -> list[tuple[Word, Word]]:
    """The male and the female form of every name of a table."""
    pairs = []
    for token in text.split():
        native, _, latin = unicodedata.normalize("NFC", token.replace("_", " ")).partition(":")
        his, _, hers = native.partition("/")
        his_latin, _, hers_latin = (latin or native).partition("/")
        pairs.append(
            (
                Word(his, his_latin, _plain(his_latin)),
                Word(hers or his, hers_latin or his_latin, _plain(hers_latin or his_latin)),
            )
        )
    return pairs


class Culture:
    """How people of one culture are called."""

    def __init__(self, order: str, lines: list[str]) -> None:
        self._family_first = order[0] == "f"
        self._two_families = "2" in order
        self._space = "" if "." in order else " "
        men, women, families = (_words(" ".join(line[2:] for line in lines if line[0] == tag)) for tag in "mwf")
        self._given = [[word for word, _ in men], [word for word, _ in women]]
        self._family = [[pair[sex] for pair in families] for sex in (0, 1)]

    def name(self, roll: Roll, sex: int, latin: bool) -> Name:
        """A name for a man (`sex` 0) or a woman (1)."""
        given, family = pick(roll, self._given[sex]), pick(roll, self._family[sex])
        first, last, space = given.native, family.native, self._space
        if latin:
            first, last, space = given.latin, family.latin, " "
        if self._two_families and roll() < 0.3:
            last = f"{last} {pick(roll, self._family[sex]).native}"
        # Romanised names mostly put the family name last, whatever the custom at home.
        full = f"{last}{space}{first}" if self._family_first and not latin else f"{first} {last}"
        return Name(full, given.plain, family.plain)


def _culture(entry: str) -> tuple[str, Culture]:
    head, *lines = entry.strip().splitlines()
    name, order = head.split()
    return name, Culture(order, lines)


CULTURES: dict[str, Culture] = dict(map(_culture, _TABLE.split("= ")[1:]))
