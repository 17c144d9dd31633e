/** Common given names and family names from many countries, and words for things that do not exist. */

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

export const womensNames = words(`
  Ada Aisha Aiko Alma Amara Ana Anja Anneli Astrid Beatriz Camila Carmen Chiara Chloe Daria Deepa Elena Elif Elin Emma Esther Fatima Fiona
  Freya Gabriela Grace Greta Hana Hanna Helena Ines Ingrid Irina Isabel Ivana Jana Johanna Julia Kavya Keiko Laila Lara Leila Lena Lin Linda
  Lucia Maja Malin Margot Maria Marta Mei Mina Mira Nadia Naomi Nina Noor Olga Paula Petra Priya Rania Rosa Ruth Sanna Sara Sofia Soo-jin
  Tamar Tanja Teresa Tove Uma Vera Wanjiru Yara Yuki Zainab Zofia`)

export const mensNames = words(`
  Adam Ahmed Akira Alex Amir Anders Andrei Anton Arjun Ben Bruno Carlos Chen Cyril Daniel David Diego Dmitri Eduardo Elias Emil Emre Eric
  Erik Fabio Felix Finn Francis Gabriel Georg Hamza Hans Henrik Hugo Ibrahim Igor Ivan Jan Javier Joao Johan Jonas Jorge Josef Juan Kamal
  Kenji Kofi Lars Leo Liam Luca Luis Marco Marek Martin Mateo Matti Mehmet Michael Min-ho Mohamed Nabil Nikolai Nils Noah Omar Oscar Otto
  Pablo Paul Pavel Peter Rafael Rahul Ravi Samuel Sean Stefan Tariq Thomas Tomas Umar Victor Wei Yusuf Zoltan`)

export const familyNames = words(`
  Abebe Acosta Adeyemi Ahmed Ali Almeida Andersen Aoki Baker Banerjee Bauer Becker Berg Bianchi Blanco Bondar Brandt Brown Campbell Carvalho
  Castro Chan Chen Clark Costa Cruz Dahl Das Davies Demir Diallo Diaz Dubois Eriksson Evans Farah Fernandes Fischer Fontaine Fujita Garcia
  Gomez Gonzalez Green Gruber Gupta Haddad Hall Hansen Hassan Hernandez Hill Hoang Hoffmann Horvat Hughes Ito Ivanov Jansen Jensen Johansson
  Jones Joshi Kamau Kang Kaya Keller Khan Kim Kimura Koch Kovacs Kowalski Kumar Larsen Laurent Lee Lehmann Lewis Li Lindberg Lopez Ma Martin
  Mbeki Mehta Mendoza Meyer Miller Mitchell Moreau Moreno Mori Murphy Nagy Nakamura Ndiaye Nguyen Nielsen Nowak Nyambura Okafor Oliveira
  Olsen Omondi Ortiz Osman Owusu Park Patel Pereira Peters Petrov Pham Popescu Ramos Rao Reyes Ricci Rivera Robinson Rossi Ruiz Saito Salah
  Sanchez Santos Sato Schmidt Schneider Sharma Silva Singh Smith Sokolov Suzuki Svensson Takahashi Tan Tanaka Taylor Torres Tran Vargas
  Vasquez Virtanen Vogel Wagner Walker Wang Weber Wilson Wolf Wong Yamada Yang Yilmaz Zhang Zimmermann`)

export const streetNames = words(`
  Acacia Birch Bridge Canal Castle Cedar Chapel Cherry Church Garden Harbour Hill Lake Lime Linden Maple Market Meadow Mill Oak Orchard Park
  Pine Poplar River School Spring Station Tower Valley Walnut Willow`)

/** Words that begin the name of an airline. They are meant to name no real one. */
export const airlineWords = words(`
  Almond Apricot Barnacle Biscuit Bramble Bumblebee Buttercup Caramel Chestnut Cinnamon Copperleaf Cranberry Crumpet Dandelion Driftwood
  Elderberry Foxglove Gingerbread Gooseberry Hazelnut Honeycomb Liquorice Marmalade Marzipan Mulberry Nutmeg Oatcake Paprika Parsnip
  Peppercorn Periwinkle Pistachio Pumpernickel Quince Radish Rhubarb Rosehip Saffron Shortbread Sorrel Tamarind Teasel Thimble Thistle Treacle
  Truffle Turnip Walnut`)

export const airlineEndings = ['Air', 'Airways', 'Wings', 'Aviation', 'Airlines', 'Express'] as const
