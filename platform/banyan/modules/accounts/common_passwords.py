"""Passwords that are guessed first: the commonest of public lists, Chinese ones among them, case-folded.

Shorter ones stand here as stems: a stem followed by digits and signs is as easily guessed.
"""

_WORDS = """
123456789 1234567890 12345678910 0123456789 0987654321 9876543210 1122334455 1234512345 123123123123 1234554321
1357924680 147258369 147258369a 159357258456 1a2b3c4d5e 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc 123456789a
123456789q 123456789abc 123456abcdef a123456789 aa123456789 abc123456 abc123456789 abcd123456 abcdef123456 abcd1234567
asd123456789 q123456789 qq123456789 w123456789 z123456789 zxc123456789 wang123456 zhang123456 li123456789 liu123456789
woaini1314 woaini520 woaini5201314 woaini123456 5201314 5201314520 5201314woaini iloveyou520 iloveyou1314 aini1314
wodemima wodeshijie woshishui mima123456 mimamima mimashi123456 nihao123456 nihaonihao buzhidao woaizhongguo zhongguo
zhongguo123456 beijing2008 shanghai china123456 jilin123456 changchun tuanwei tuanzhibu gongqingtuan gongqingtuanyuan
password password1 password12 password123 password1234 p@ssw0rd p@ssword passw0rd passw0rd123 passwordpassword
qwertyuiop qwertyuiop123 qwerty123456 qwertyqwerty qwe123456789 qweasdzxc qweasdzxc123 qwe123qwe123 qazwsxedc
qazwsxedcrfv asdfghjkl asdfghjkl123 asdfghjklqwertyuiop zxcvbnm zxcvbnm123 zaq12wsxcde3 zaq1zaq1zaq1 zaq12wsx
administrator administrator1 admin admin123 admin123456 admin1234567 admin888 admin888888 adminadmin administrador
root123456 rootroot test123456 testtest guest123456 user123456 welcome welcome123 letmein letmein123 changeme
changeme123 iloveyou iloveyou123 sunshine princess football baseball superman michael dragon monkey master shadow
trustno1 starwars whatever computer internet samsung lenovo huawei taobao alibaba tencent wechat weixin weixin123456
banyan banyan123456 banyanbanyan
"""

COMMON = frozenset(_WORDS.split())
